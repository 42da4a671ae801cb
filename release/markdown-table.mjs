/**
 * Renders a table of Markdown as Prettier formats it: the first column is text, the others are aligned to the right unless
 * `alignments` says so.
 *
 * @param {readonly (readonly string[])[]} rows the first one is the head
 * @param {string} alignments a letter for each column, `l` or `r`, of which the last one goes on
 */
export function markdownTable([head, ...rows], alignments = 'lr') {
  const all = [head, ...rows];
  const isRight = head.map((_, column) => (alignments[column] ?? alignments.at(-1)) === 'r');
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => row[column].length)));
  const lineOf = (row) =>
    `| ${row.map((cell, column) => (isRight[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join(' | ')} |`;
  const rule = widths.map((width, column) =>
    isRight[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  const [first, ...lines] = all.map(lineOf);
  return `${[first, `| ${rule.join(' | ')} |`, ...lines].join('\n')}\n`;
}
