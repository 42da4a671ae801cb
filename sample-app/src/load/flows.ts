import type { LoadClient, LoadResponse } from './client.js';
import type { Random } from './random.js';

/** What a person or a program does with the application: one request or a few. */
export type Flow = (client: LoadClient, random: Random) => Promise<unknown>;

/** Each with how often it happens, in comparison with the others. */
const FLOWS: readonly (readonly [weight: number, flow: Flow])[] = [
  [18, browseDeals],
  [18, lookAtDeal],
  [8, lookAtOwner],
  [8, browseUsers],
  [6, browseLeads],
  [6, readActivity],
  [6, readPipeline],
  [8, sellDeal],
  [4, loseDeal],
  [5, workLead],
  [3, addUser],
  [4, sendNonsense],
  [4, askForWhatIsNotThere],
  [3, checkPayments],
  [3, forgetApiKey],
  [2, exportDeals],
  [2, readRevenue],
  [1, loseInterestInRevenue],
  [1, followActivity],
];

const TOTAL_WEIGHT = FLOWS.reduce((total, [weight]) => total + weight, 0);

const SEEDED_DEALS = 300;
const SEEDED_PAYMENTS = 100;
const SEEDED_USERS = 24;
/** These are active, so that they can own a deal. */
const OWNERS = [1, 2, 3, 4, 5, 6, 7];

export function pickFlow(random: Random): Flow {
  let left = random.next() * TOTAL_WEIGHT;
  return FLOWS.find(([weight]) => (left -= weight) < 0)?.[1] ?? browseDeals;
}

function browseDeals(client: LoadClient, random: Random): Promise<unknown> {
  return client.get('/api/deals', {
    query: {
      page: random.integer(1, 5),
      ...(random.chance(0.5) && { stage: random.pick(['open', 'won', 'lost']) }),
    },
  });
}

async function lookAtDeal(client: LoadClient, random: Random): Promise<void> {
  const id = random.integer(1, SEEDED_DEALS);
  await client.get('/api/deals/:id', { params: { id } });
  if (random.chance(0.4)) await client.get('/api/deals/:dealId/assessments', { params: { dealId: id } });
}

async function lookAtOwner(client: LoadClient, random: Random): Promise<void> {
  await client.get('/api/deals/:id/owner', { params: { id: random.integer(1, SEEDED_DEALS) } });
  await client.get('/api/users/:id', { params: { id: random.pick(OWNERS) } });
}

async function browseUsers(client: LoadClient, random: Random): Promise<void> {
  await client.get('/api/users', { query: { pageSize: 50 } });
  await client.get('/api/users/:id', { params: { id: random.integer(1, SEEDED_USERS) } });
}

function browseLeads(client: LoadClient, random: Random): Promise<unknown> {
  return client.get('/api/leads', { query: { page: random.integer(1, 6) } });
}

function readActivity(client: LoadClient): Promise<unknown> {
  return client.get('/api/activity');
}

function readPipeline(client: LoadClient, random: Random): Promise<unknown> {
  return client.get(random.chance(0.3) ? '/api/v1/reports/pipeline' : '/api/v2/reports/pipeline');
}

async function sellDeal(client: LoadClient, random: Random): Promise<void> {
  const amountCents = random.integer(100, 9_999) * 100;
  const dealId = idOf(await client.post('/api/deals', { body: newDeal(random, amountCents) }));
  if (dealId === undefined) return;
  await client.post('/api/deals/:dealId/assessments', {
    params: { dealId },
    body: { score: random.integer(0, 100) },
  });
  await client.post('/api/deals/:id/win', { params: { id: dealId } });
  // Now and then two people win the same deal.
  if (random.chance(0.1)) await client.post('/api/deals/:id/win', { params: { id: dealId } });
  const payment = { reference: reference(random), dealId, amountCents };
  await pay(client, payment);
  // Now and then the same payment is sent twice, or one too many.
  if (random.chance(0.1)) await pay(client, payment);
  if (random.chance(0.1)) await pay(client, { ...payment, reference: reference(random) });
}

/** Adds an open deal. @returns its id; undefined if it was refused */
export async function addDeal(client: LoadClient, random: Random): Promise<number | undefined> {
  const body = newDeal(random, random.integer(100, 9_999) * 100);
  return idOf(await client.post('/api/deals', { body }));
}

async function loseDeal(client: LoadClient, random: Random): Promise<void> {
  const id = await addDeal(client, random);
  if (id !== undefined) await client.post('/api/deals/:id/lose', { params: { id } });
}

async function workLead(client: LoadClient, random: Random): Promise<void> {
  const name = reference(random);
  const body = {
    company: `Company ${name}`,
    email: `${name}@example.com`,
    source: random.pick(['website', 'referral', 'event']),
  };
  const id = idOf(await client.post('/api/leads', { body }));
  if (id === undefined) return;
  if (random.chance(0.5)) {
    await client.send('DELETE', '/api/leads/:id', { params: { id } });
    return;
  }
  const terms = {
    amountCents: random.integer(100, 9_999) * 100,
    currency: 'EUR',
    ownerId: random.pick(OWNERS),
  };
  await client.post('/api/leads/:id/convert', { params: { id }, body: terms });
}

async function addUser(client: LoadClient, random: Random): Promise<void> {
  const name = reference(random);
  const body = { email: `${name}@example.com`, name: `User ${name}`, role: 'sales' };
  const id = idOf(await client.post('/api/users', { body }));
  if (id === undefined || random.chance(0.3)) return;
  await client.send('PATCH', '/api/users/:id', { params: { id }, body: { active: false } });
}

async function sendNonsense(client: LoadClient, random: Random): Promise<void> {
  await client.post('/api/deals', { body: { title: '', amountCents: -1 } });
  if (random.chance(0.5)) await client.get('/api/deals/:id', { params: { id: 'first' } });
  if (random.chance(0.5)) await client.get('/api/deals', { query: { pageSize: 1_000 } });
}

async function askForWhatIsNotThere(client: LoadClient, random: Random): Promise<void> {
  await client.get('/api/deals/:id', { params: { id: 9_000_000 } });
  if (random.chance(0.5))
    await client.get(`/api/invoices/${random.integer(1, 99)}`, { servedBy: '<unmatched>' });
}

async function checkPayments(client: LoadClient, random: Random): Promise<void> {
  await client.get('/api/payments', { query: { page: random.integer(1, 5) }, authorised: true });
  const id = random.integer(1, SEEDED_PAYMENTS);
  await client.get('/api/payments/:id', { params: { id }, authorised: true });
}

function forgetApiKey(client: LoadClient, random: Random): Promise<unknown> {
  return random.chance(0.5) ? client.get('/api/payments') : client.post('/api/payments', { body: {} });
}

function exportDeals(client: LoadClient): Promise<unknown> {
  return client.get('/api/deals/export.csv');
}

function readRevenue(client: LoadClient): Promise<unknown> {
  return client.get('/api/reports/revenue');
}

function loseInterestInRevenue(client: LoadClient, random: Random): Promise<unknown> {
  // Well before the report can be ready, which takes it 350 ms at least.
  return client.giveUp('GET', '/api/reports/revenue', random.integer(60, 120));
}

function followActivity(client: LoadClient, random: Random): Promise<unknown> {
  return client.follow('/api/activity/stream', random.integer(200, 1_000));
}

function pay(client: LoadClient, body: object): Promise<unknown> {
  return client.post('/api/payments', { body, authorised: true });
}

function newDeal(random: Random, amountCents: number): object {
  return {
    title: `Deal ${reference(random)}`,
    amountCents,
    currency: random.pick(['EUR', 'USD', 'GBP']),
    ownerId: random.pick(OWNERS),
  };
}

function reference(random: Random): string {
  return `load-${random.integer(0, 2 ** 32 - 1).toString(36)}`;
}

/** That of what was created; undefined if it was refused. */
function idOf({ statusCode, body }: LoadResponse): number | undefined {
  return statusCode === 201 ? (JSON.parse(body) as { id: number }).id : undefined;
}
