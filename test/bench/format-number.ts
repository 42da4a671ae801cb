const DIGITS = 3;

export function formatNumber(value: number): string {
  return value.toLocaleString('en', {
    maximumSignificantDigits: value >= 100 ? Math.ceil(Math.log10(value + 1)) : DIGITS,
  });
}
