/** Bright enough to be read on a dark label and to be seen on a picture. */
const named: Readonly<Record<string, string>> = {
  person: "#ffb45c",
  face: "#ffd479",
  car: "#63b3ff",
  truck: "#4fd1ff",
  bus: "#8ea2ff",
  motorcycle: "#b794ff",
  bicycle: "#5ee0c0",
  dog: "#ff8fb8",
  cat: "#ff8fb8",
  bird: "#c3e36b"
}
const others = ["#7ee787", "#f28fff", "#ffa28a", "#6fe3e1", "#e0d060", "#a5b4ff", "#ff9ecb", "#9fe070"] as const

/** One colour per class, the same everywhere and after every reload. */
export const classColour = (label: string): string => {
  const colour = named[label]
  if (colour !== undefined) return colour
  let hash = 0
  for (const character of label) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return others[hash % others.length] ?? others[0]
}
