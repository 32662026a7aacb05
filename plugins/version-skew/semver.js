// Semantic versions, as far as steps between them need: the specification's grammar, and the first two numbers.

const number = '(0|[1-9][0-9]{0,14})';
const identifier = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)';
const grammar = new RegExp(
  `^v?${number}\\.${number}\\.${number}(?:-${identifier}(?:\\.${identifier})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);

/**
 * @param {string} text with or without a leading `v`
 * @returns {{major: number, minor: number} | undefined} nothing when it is no semantic version
 */
export function parse(text) {
  const match = text.length <= 256 ? grammar.exec(text) : null;
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

/**
 * The steps between two versions, up or down: major ones where these differ, else minor ones.
 * @returns {{unit: 'major' | 'minor', steps: number}}
 */
export function distance(one, other) {
  const major = Math.abs(one.major - other.major);
  return major > 0
    ? { unit: 'major', steps: major }
    : { unit: 'minor', steps: Math.abs(one.minor - other.minor) };
}
