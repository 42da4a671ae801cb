import { CURRENCIES, type Deal, DEAL_STAGES } from '../deals/deal.entity.js';
import type { Assessment } from '../assessments/assessment.entity.js';
import { type Lead, LEAD_SOURCES } from '../leads/lead.entity.js';
import type { Payment } from '../payments/payment.entity.js';
import { type User, USER_ROLES } from '../users/user.entity.js';

/** Invented data, the same at every start. */
export const USERS: Omit<User, 'id'>[] = numbers(24).map((n) => ({
  email: `user${n}@example.com`,
  name: `User ${n}`,
  role: pick(USER_ROLES, n),
  active: n % 8 !== 0,
}));

export const DEALS: Omit<Deal, 'id' | 'owner'>[] = numbers(300).map((n) => {
  const stage = pick(DEAL_STAGES, n);
  const amountCents = 50_000 + ((n * 7_919) % 9_500) * 100;
  return {
    title: `Deal ${n}`,
    stage,
    amountCents,
    paidCents: stage === 'won' ? amountCents / 2 : 0,
    currency: pick(CURRENCIES, Math.floor(n / DEAL_STAGES.length)),
    // The first seven users are active.
    ownerId: (n % 7) + 1,
    createdAt: day(n),
  };
});

export const LEADS: Omit<Lead, 'id' | 'deal'>[] = numbers(120).map((n) => ({
  company: `Company ${n}`,
  email: `contact${n}@example.com`,
  source: pick(LEAD_SOURCES, n),
  status: n % 4 === 0 ? 'converted' : 'new',
  dealId: n % 4 === 0 ? n : null,
}));

export const ASSESSMENTS: Omit<Assessment, 'id' | 'deal'>[] = numbers(DEALS.length).map((n) => ({
  dealId: n,
  score: (n * 37) % 101,
  note: `Assessment of deal ${n}`,
  createdAt: day(n + 7),
}));

export const PAYMENTS: Omit<Payment, 'id' | 'deal'>[] = DEALS.flatMap((deal, i) =>
  deal.paidCents === 0
    ? []
    : [
        {
          reference: `SEED-${i + 1}`,
          dealId: i + 1,
          amountCents: deal.paidCents,
          currency: deal.currency,
          createdAt: day(i + 31),
        },
      ],
);

/** The `n`-th day of the business. */
function day(n: number): Date {
  return new Date(Date.UTC(2025, 0, n));
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1);
}

function pick<T>(values: readonly T[], n: number): T {
  const value = values[n % values.length];
  if (value === undefined) throw new RangeError('There is nothing to pick from.');
  return value;
}
