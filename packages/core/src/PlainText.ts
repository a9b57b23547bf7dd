import { Schema } from "effect"

const unprintable = /[\p{Cc}\p{Cs}]+/gu

/** Text of strangers as every store and terminal takes it: without control characters and halves of surrogate pairs, and not longer than `most`. */
export const plainText = (text: string, most: number): string => text.slice(0, most).replace(unprintable, " ").trim()

/** What {@link plainText} leaves as it is. */
export const plainPattern: RegExp = /^[^\p{Cc}\p{Cs}]*$/u

const onOneLine = { message: () => "Expected text on one line, without control characters" }

/** Text on one line. */
export const PlainText = (most: number) => Schema.String.pipe(Schema.maxLength(most), Schema.pattern(plainPattern, onOneLine))

/** What people call a thing. */
export const PlainName = (most: number) =>
  Schema.NonEmptyTrimmedString.pipe(Schema.maxLength(most), Schema.pattern(plainPattern, onOneLine))

/** Text of any number of lines, without what no database keeps: NUL, and halves of surrogate pairs. */
export const Prose = (most: number) =>
  Schema.String.pipe(
    Schema.maxLength(most),
    Schema.pattern(/^[^\0\p{Cs}]*$/u, { message: () => "Expected text without the character NUL" })
  )
