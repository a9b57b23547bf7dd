/**
 * Every user of a machine may read the arguments of its processes. What may be a secret in them is overwritten before anything else is loaded: Node puts
 * a process's title where its arguments were. The program itself gets them as they were typed.
 */
const hidden = (word) =>
  word.replace(/^(.*?:\/\/).*(?:[@=?]|\/.*:).*$/s, "$1***").replace(/((?:pass|pwd|secret|token|auth|key)[^=/]*=).+$/is, "$1***")

const words = process.argv.slice(2)
const shown = words.map(hidden)
if (shown.some((word, at) => word !== words[at])) process.title = ["vigil", ...shown].join(" ")
