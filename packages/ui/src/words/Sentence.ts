/** What the server says of something, as a sentence of its own. */
export const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1).replace(/\.$/, "")}.`
