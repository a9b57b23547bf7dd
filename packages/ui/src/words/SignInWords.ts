const refusals: Readonly<Record<string, string>> = {
  unknown: "There is no such way to sign in here.",
  expired: "Signing in took too long, or was begun in another browser. Try again.",
  provider: "The other side does not answer as it should. Try again, and tell an administrator if it stays so.",
  "no-subject": "The other side did not say who you are. Tell an administrator.",
  "no-username": "The other side gave no user name that can be used here. Tell an administrator.",
  "no-role": "You are known, but none of your roles may use Vigil. Ask an administrator for one.",
  "no-account": "You are known, but have no account here. Ask an administrator for one.",
  "username-taken": "Your user name is taken by another account here. Ask an administrator to link it with you.",
  disabled: "Your account here is disabled. Ask an administrator to enable it."
}

/** Why signing in through an identity provider came to nothing. */
export const refusalWords = (reason: string): string => refusals[reason] ?? "Signing in came to nothing. Try again."
