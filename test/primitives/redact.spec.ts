import { describe, expect, it } from '@jest/globals';
import { escapeControls } from '../../lib/primitives/escape-controls.js';
import { redactAndCut, redactOption, redactPath, redactSecrets } from '../../lib/primitives/redact.js';
import { SafeLogger } from '../../lib/primitives/safe-logger.js';
import { leastCpuMs } from '../support/cpu-time.js';

describe('a message', () => {
  it.each([
    ['connect postgres://u:a/pw@h:5432/db', 'connect postgres://***@h:5432/db'],
    ['connect postgres://u:a@pw@h failed', 'connect postgres://***@h failed'],
    ['redis://:pw?x#y@h:6379', 'redis://***@h:6379'],
    ['mongodb+srv://u:pw@h/?retry=1 refused', 'mongodb+srv://***@h/?retry=1 refused'],
    ['Server=db;User=sa;Password=pw1;Encrypt=true', 'Server=db;User=sa;Password=***;Encrypt=true'],
    ['GET https://h/x?api_key=k1&q=2 failed', 'GET https://h/x?api_key=***&q=2 failed'],
    ['sent Authorization: Bearer abcdefghijklmnop', 'sent Authorization: Bearer ***'],
    ['tried amqp://a:b@h1, amqp://c:d@h2', 'tried amqp://***@h1, amqp://***@h2'],
    ['password authentication failed for user "u"', 'password authentication failed for user "u"'],
    ['mail from a@b.c to d@e.f', 'mail from a@b.c to d@e.f'],
    ['connect ECONNREFUSED http://127.0.0.1:5432', 'connect ECONNREFUSED http://127.0.0.1:5432'],
  ])('loses its secrets: %s', (text, redacted) => {
    expect(redactSecrets(text)).toBe(redacted);
  });

  it('loses its secrets wherever it is cut', () => {
    const url = `postgres://app:${'S'.repeat(300)}//@${'S'.repeat(10)}@db/shop`;
    const all = Array.from({ length: 600 }, (_, before) =>
      redactAndCut(`${'x'.repeat(before)} ${`${url} `.repeat(8)}`, 200),
    );
    expect(all.filter((text) => text.includes('S') || text.length > 200)).toEqual([]);
    expect(redactAndCut(`${url} refused`, 200)).toBe('postgres://***@db/shop refused');
    for (const scheme of ['Bearer', 'basic']) {
      // What is read of it is shorter than a secret, and shown, since the first secret has shrunk.
      const text = `token=${'x'.repeat(1_170)} ${scheme} abcdefghij//klmnopqrstuvwxyz`;
      for (let length = 180; length < 215; length++) expect(redactAndCut(text, length)).not.toContain('abc');
    }
    expect(redactAndCut('x'.repeat(5_000), 200)).toBe(`${'x'.repeat(199)}…`);
  });

  it('is redacted in time that grows with its length', () => {
    for (const piece of ['//', '//@', 'password=', '://a:', '@', 'bearer ']) {
      const text = piece.repeat(50_000);
      expect(leastCpuMs(() => redactSecrets(text), 3)).toBeLessThan(500);
    }
  });
});

describe('the path of a route', () => {
  it.each([
    ['/hooks/sk_live_4eC39HqLyjWDarjtT1zdp7dc/charge', '/hooks/***/charge'],
    ['/hooks/550e8400-e29b-41d4-a716-446655440000', '/hooks/***'],
    ['/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/send', '/***/send'],
    ['/t/9f86d081884c7d659a2feaa0c55ad015', '/t/***'],
    ['/files/:fileIdOfVersion2AndMore3/:part', '/files/:fileIdOfVersion2AndMore3/:part'],
    ['/api/v1/monthly-report-of-2024-customers', '/api/v1/monthly-report-of-2024-customers'],
    ['/internationalizationSettings/oauth2callback', '/internationalizationSettings/oauth2callback'],
    ['/export2csv/*path', '/export2csv/*path'],
    ['/callback?token=abc', '/callback?token=***'],
    ['', ''],
  ])('loses what looks like a secret: %s', (path, redacted) => {
    expect(redactPath(path)).toBe(redacted);
  });

  it('is redacted in time that grows with its length', () => {
    for (const piece of ['a1', '/', 'aaaaaaaa-', ':a1', 'a']) {
      const text = piece.repeat(50_000);
      expect(leastCpuMs(() => redactPath(text), 3)).toBeLessThan(500);
    }
  });
});

describe('the value of an option', () => {
  it.each([
    ['https://admin:pw@bad host', 'https://***@bad host'],
    ['https://hooks.slack.com/services/T0/B0/secret', 'https://hooks.slack.com/…'],
    ['https://h?token=secret', 'https://h/…'],
    ['postgres://u:a/pw@h', 'postgres://***@h'],
    ['admin:pw@host:9091', '***@host:9091'],
    ['http://pushgateway:9091', 'http://pushgateway:9091'],
    ['80%', '80%'],
    ['ops@example.com', 'ops@example.com'],
  ])('loses its secrets: %s', (value, shown) => {
    expect(redactOption(value)).toBe(shown);
  });
});

describe('a line of the log', () => {
  it.each([
    ['one\nERROR two', 'one\\nERROR two'],
    ['one\r\ntwo', 'one\\r\\ntwo'],
    ['\u001b[31mred', '\\u001b[31mred'],
    ['a\u0000b\u007f', 'a\\u0000b\\u007f'],
    ['a\u0085b\u2028c', 'a\\u0085b\\u2028c'],
    ['tab\there', 'tab\\there'],
    ['Grüße, 世界 🙂', 'Grüße, 世界 🙂'],
  ])('has no control characters: %j', (text, escaped) => {
    expect(escapeControls(text)).toBe(escaped);
  });

  it('is escaped and redacted at every level; a stack keeps its lines', () => {
    const lines: string[] = [];
    const log = (...texts: string[]): void => void lines.push(...texts);
    const logger = new SafeLogger({ log, warn: log, error: log });
    const text = 'a\u001bb http://u:pw@h';
    logger.log(text);
    logger.warn(text);
    logger.error(text);
    logger.error(text, `Error: ${text}\n    at x`);
    const shown = 'a\\u001bb http://***@h';
    expect(lines).toEqual([shown, shown, shown, shown, `Error: ${shown}\n    at x`]);
  });
});
