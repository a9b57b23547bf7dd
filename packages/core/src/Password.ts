/** Shortest password, in characters. NIST SP 800-63B-4 3.1.1.2 asks for 15 where it is the only factor and forbids rules on the mix. */
export const shortestPassword = 12

/** Longest password, in characters; hashing costs time for each one. */
const longestPassword = 256

const obvious = ["password", "passwort", "123456789", "qwertyuiop", "administrator", "letmein", "changeme", "vigil"]

const distinctCharacters = (text: string): number => new Set(text).size

/** What is wrong with a password that is to be set, in sentences; empty when nothing is. */
export const passwordComplaints = (username: string, password: string, shortest = shortestPassword): ReadonlyArray<string> => {
  const lower = password.toLowerCase()
  const name = username.trim().toLowerCase()
  const rest = [...obvious, ...(name.length >= 3 ? [name] : [])].reduce((left, word) => left.replaceAll(word, ""), lower)
  const length = [...password].length
  const complaints: Array<string> = []
  if (length < shortest) complaints.push(`A password has at least ${shortest} characters; this one has ${length}.`)
  if (length > longestPassword) complaints.push(`A password has at most ${longestPassword} characters; this one has ${length}.`)
  if (length >= shortest && distinctCharacters(password) < 5) complaints.push("This password repeats too few characters.")
  if (length >= shortest && rest.length < 6) {
    complaints.push("This password is made of the user name or of words that are tried first.")
  }
  return complaints
}
