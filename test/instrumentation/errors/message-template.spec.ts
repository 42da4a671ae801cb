import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { commonTemplate, messageTemplate } from '../../../lib/instrumentation/errors/message-template.js';
import { leastCpuMs } from '../../support/cpu-time.js';
import { anyText } from '../../support/any-text.js';

describe('the template of a message', () => {
  it.each([
    [
      "Cannot read properties of undefined (reading 'name')",
      'Cannot read properties of undefined (reading ?)',
    ],
    ['connect ECONNREFUSED 127.0.0.1:5432', 'connect ECONNREFUSED ?'],
    ['connect ECONNREFUSED ::1:5432', 'connect ECONNREFUSED ?'],
    ['getaddrinfo ENOTFOUND db.internal.example', 'getaddrinfo ENOTFOUND ?'],
    ['Request failed with status code 504', 'Request failed with status code ?'],
    [`Unexpected token 'h', "hello" is not valid JSON`, 'Unexpected token ?, ? is not valid JSON'],
    ['invalid input syntax for type uuid: "x"', 'invalid input syntax for type uuid: ?'],
    ["Can't find Ada's 'order'", "Can't find ?"],
    ["ENOENT: no such file or directory, open '/srv/ada.txt'", 'ENOENT: no such file or directory, open ?'],
    ['spawn /usr/bin/convert ENOENT', 'spawn ? ENOENT'],
    [
      'The "path" argument must be of type string. Received undefined',
      'The ? argument must be of type string. Received undefined',
    ],
    ['order 4711 of 2026-11-28 for EUR 12,50 failed', 'order ? of ? for EUR ? failed'],
    ['timeout of 5000ms exceeded', 'timeout of ? exceeded'],
    ['الطلب 4711 غير موجود، حاول مرة أخرى', 'الطلب ? غير موجود، حاول مرة أخرى'],
    ['ההזמנה "4711" לא נמצאה', 'ההזמנה ? לא נמצאה'],
    ['ऑर्डर 4711 नहीं मिला', 'ऑर्डर ? नहीं मिला'],
    ['주문 4711 을 찾을 수 없습니다', '주문 ? 을 찾을 수 없습니다'],
    ['Заказ 4711 не найден', 'Заказ ? не найден'],
    ['', ''],
  ])('keeps the words of %j', (message, template) => {
    expect(messageTemplate(message)).toBe(template);
  });

  it.each([
    ['a UUID', 'order 7f3c9a52-54f9-4d7e-9c1b-1e8f0a6c5d2b is closed', 'order ? is closed'],
    ['hexadecimal digits', 'block deadbeef01 is unknown', 'block ? is unknown'],
    ['an e-mail address', 'cannot write to ada.lovelace@example.com now', 'cannot write to ? now'],
    ['a URL', 'GET https://user:pw@example.com/a?token=b failed', 'GET ? failed'],
    ['a path of Windows', 'cannot open C:\\Users\\ada\\x.txt now', 'cannot open ? now'],
    ['JSON', 'bad body {"name":"Ada","card":{"pin":"secret"}} here', 'bad body ? here'],
    ['JSON in quotes', `"{"name":"Ada Lovelace"}" is not valid JSON`, '? is not valid JSON'],
    ['JSON that is cut', 'bad body {"name":"Ada Lovelace", "pin', 'bad body ?'],
    ['a list', 'none of [Ada, Grace] are here', 'none of ? are here'],
    ['HTML', 'bad answer <html><b>Ada</b></html> here', 'bad answer ? here'],
    [
      'quotes of other languages',
      'Benutzer „Ada“ und «Grace» nicht gefunden',
      'Benutzer ? und ? nicht gefunden',
    ],
    ['a quote that does not end', 'cannot find "Ada Lovelace', 'cannot find ?'],
    ['quotes in quotes', `cannot find 'O'Brien' here`, 'cannot find ? here'],
    [
      'a slug',
      'cannot show summer-sale of Read-only or non-empty pages',
      'cannot show ? of Read-only or non-empty pages',
    ],
    ['several lines', 'cannot parse "a\nsecret\nb" here', 'cannot parse ? here'],
    ['letters that no word of a language has', 'cannot read aGVsbG8gd29ybGQ here', 'cannot read ? here'],
    ['a name after a colon', 'user:ada is gone', '? is gone'],
    ['a name of another script', 'user محمد not found', 'user ? not found'],
    ['digits of another script', 'الطلب ٤٧١١ غير موجود', 'الطلب ? غير موجود'],
    ['a word of several scripts', 'cannot read adaשלום here', 'cannot read ? here'],
    ['a long word without case', `cannot read ${'ש'.repeat(25)} here`, 'cannot read ? here'],
    // Nobody knows where a name in it begins.
    ['words without spaces', '找不到用户王小明 order', '? order'],
    ['words of Thai', 'ไม่พบผู้ใช้สมชาย order', '? order'],
  ])('folds %s', (_, message, template) => {
    expect(messageTemplate(message)).toBe(template);
  });

  it.each([
    'password=hunter',
    'password: hunter',
    'Password is hunter',
    'the password hunter is wrong',
    'the password of hunter',
    'invalid token hunter',
    'Authorization: Bearer hunter',
    'Authorization: Basic hunter==',
    'bearer hunter expired',
    'cookie session=hunter; path=/',
    'user hunter not found',
    'customer Ann Hunter not found',
    'secret "hunter"',
    'secret (hunter)',
    'api_key:hunter',
    'api-key hunter',
    'eyJhbGciOiJIUzI1NiJ9.hunter.hunter',
    'postgres://hunter:hunter@hunter/hunter',
    'mysql -phunter2',
    "Access denied for user 'hunter'@'hunter' (using password: YES)",
    "Duplicate entry 'hunter' for key 'users.hunter'",
    'Key (email)=(hunter) already exists.',
    'Key (name)=(Ann Hunter, II) already exists.',
    `hunter_${'x'.repeat(10)}`,
  ])('keeps nothing of the secret in %j', (message) => {
    expect(messageTemplate(message).toLowerCase()).not.toContain('hunter');
  });

  it('has no digit and no quoted text, whatever the message', () => {
    const quotes = ['"', "'", '`', '“', '«'];
    const ends: Readonly<Record<string, string>> = { '“': '”', '«': '»' };
    const part = fc.oneof(
      fc.constantFrom(
        'user',
        'not',
        'found',
        'Cannot',
        'of',
        "can't",
        '(',
        ')',
        '{',
        '}',
        '[',
        ']',
        ':',
        '=',
        '\n',
      ),
      fc.nat().map(String),
      fc.uuid(),
      fc.emailAddress(),
      fc.webUrl(),
      fc.json(),
      fc
        .tuple(fc.constantFrom(...quotes), fc.constantFrom('zebra', 'zebra crossing', 'a zebra b'))
        .map(([quote, text]) => `${quote}${text}${ends[quote] ?? quote}`),
      anyText({ maxLength: 10 }).filter((text) => !text.includes('zebra')),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const template = messageTemplate(parts.join(' '));
        expect(template).not.toMatch(/\p{Nd}/u);
        expect(template).not.toMatch(/zebra|["`“«{}[\]@\\/=\n]/);
        expect(template.length).toBeLessThanOrEqual(300);
      }),
      { numRuns: 500 },
    );
  });

  it('is that of a template, too', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-composite', maxLength: 60 }), (message) => {
        const template = messageTemplate(message);
        expect(messageTemplate(template)).toBe(template);
      }),
      { numRuns: 300, examples: [['։ ('], ['7 !'], ['a ( b']] },
    );
  });

  it.each([
    ['quotes', '"'.repeat(1_000_000)],
    ['opening brackets', '{'.repeat(1_000_000)],
    ['pairs of brackets', '[]'.repeat(500_000)],
    ['operators', '< '.repeat(500_000)],
    ['apostrophes', "a'".repeat(500_000)],
    ['punctuation', `${')'.repeat(999)}x`.repeat(1_000)],
    ['spaces', ' '.repeat(1_000_000)],
    ['hyphens', 'a-'.repeat(500_000)],
    ['capitals', 'ERR_A_'.repeat(200_000)],
    ['a class', 'Aa'.repeat(500_000)],
    ['surrogates', '\ud800'.repeat(1_000_000)],
  ])('takes little time for a million characters of %s', (_, message) => {
    expect(leastCpuMs(() => messageTemplate(message))).toBeLessThan(20);
  });
});

describe('the common template of two messages', () => {
  it.each([
    ['Ada is gone', 'Grace is gone', '? is gone'],
    ['No order of Ada here', 'No order of Grace Hopper here', 'No order of ? here'],
    ['a b c d', 'a x c y', 'a ? c ?'],
    ['same', 'same', 'same'],
    ['? is gone', 'Ada is gone', '? is gone'],
    ['one', 'two three', '?'],
    ['', 'text', '?'],
  ])('of %j and %j is %j', (one, other, common) => {
    expect(commonTemplate(one, other)).toBe(common);
    expect(commonTemplate(other, one)).toBe(common);
  });
});
