/** `minimumArea` becomes `Minimum area`. */
export const spoken = (key: string): string => {
  const words = key.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase()
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}
