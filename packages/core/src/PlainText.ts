const unprintable = /[\p{Cc}\p{Cs}]+/gu

/** Text of strangers as every store and terminal takes it: without control characters and halves of surrogate pairs, and not longer than `most`. */
export const plainText = (text: string, most: number): string => text.slice(0, most).replace(unprintable, " ").trim()

/** What {@link plainText} leaves as it is. */
export const plainPattern: RegExp = /^[^\p{Cc}\p{Cs}]*$/u
