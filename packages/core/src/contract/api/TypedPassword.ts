import { SecretText } from "../../SecretText.js"

/** What is typed: bounded, but its rules are only looked at where a password is set. */
export const TypedPassword = SecretText(1024)
