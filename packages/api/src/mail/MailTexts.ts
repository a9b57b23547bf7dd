/** What mails to users say, in the languages that there are. Their names come from the users: texts only, never HTML. */
export interface MailTexts {
  readonly greeting: (name: string) => string
  readonly reset: (facts: { readonly username: string; readonly link: string; readonly minutes: number }) => MailText
  readonly invitation: (facts: { readonly username: string; readonly link: string; readonly hours: number }) => MailText
  readonly locked: (facts: { readonly username: string; readonly minutes: number | null }) => MailText
  readonly newPassword: (facts: { readonly username: string }) => MailText
  readonly newAddress: (facts: { readonly username: string }) => MailText
}

interface MailText {
  readonly subject: string
  readonly lines: ReadonlyArray<string>
}

const english: MailTexts = {
  greeting: (name) => `Hello ${name},`,
  reset: ({ link, minutes, username }) => ({
    subject: "A new password for Vigil",
    lines: [
      `somebody asked for a new password for the account ${username}. With this link you can set one; it works once, for ${minutes} minutes:`,
      link,
      "If that was not you, do nothing: your password stays as it is."
    ]
  }),
  invitation: ({ hours, link, username }) => ({
    subject: "Your account of Vigil",
    lines: [
      `an administrator asks you to choose a password for your account ${username}. This link works once, for ${hours} hours:`,
      link,
      `Then sign in as ${username}.`
    ]
  }),
  locked: ({ minutes, username }) => ({
    subject: "Your account of Vigil is locked",
    lines: [
      `the account ${username} was tried with wrong passwords too often, and is locked ${minutes === null ? "until an administrator releases it" : `for ${minutes} minutes`}.`,
      'If that was you: set a new password by "Forgot password" on the page where you sign in, or ask an administrator. If not, tell an administrator.'
    ]
  }),
  newPassword: ({ username }) => ({
    subject: "The password of your account of Vigil was changed",
    lines: [
      `the account ${username} has a new password, and was signed out everywhere.`,
      "If that was not you, tell an administrator at once."
    ]
  }),
  newAddress: ({ username }) => ({
    subject: "The mail address of your account of Vigil was changed",
    lines: [
      `the account ${username} has another mail address now; this one gets no more mails.`,
      "If that was not you, tell an administrator at once."
    ]
  })
}

const german: MailTexts = {
  greeting: (name) => `Hallo ${name},`,
  reset: ({ link, minutes, username }) => ({
    subject: "Ein neues Passwort für Vigil",
    lines: [
      `jemand hat ein neues Passwort für das Konto ${username} angefordert. Mit diesem Link können Sie eines setzen; er gilt einmal, ${minutes} Minuten lang:`,
      link,
      "Wenn Sie das nicht waren, tun Sie nichts: Ihr Passwort bleibt, wie es ist."
    ]
  }),
  invitation: ({ hours, link, username }) => ({
    subject: "Ihr Konto bei Vigil",
    lines: [
      `ein Administrator bittet Sie, ein Passwort für Ihr Konto ${username} zu wählen. Dieser Link gilt einmal, ${hours} Stunden lang:`,
      link,
      `Danach melden Sie sich als ${username} an.`
    ]
  }),
  locked: ({ minutes, username }) => ({
    subject: "Ihr Konto bei Vigil ist gesperrt",
    lines: [
      `für das Konto ${username} wurde zu oft ein falsches Passwort eingegeben; es ist gesperrt, ${minutes === null ? "bis ein Administrator es freigibt" : `${minutes} Minuten lang`}.`,
      "Wenn Sie das waren: Setzen Sie mit „Forgot password“ auf der Anmeldeseite ein neues Passwort, oder fragen Sie einen Administrator. Wenn nicht, sagen Sie es einem Administrator."
    ]
  }),
  newPassword: ({ username }) => ({
    subject: "Das Passwort Ihres Kontos bei Vigil wurde geändert",
    lines: [
      `das Konto ${username} hat ein neues Passwort und wurde überall abgemeldet.`,
      "Wenn Sie das nicht waren, sagen Sie es sofort einem Administrator."
    ]
  }),
  newAddress: ({ username }) => ({
    subject: "Die Mailadresse Ihres Kontos bei Vigil wurde geändert",
    lines: [
      `das Konto ${username} hat jetzt eine andere Mailadresse; diese hier bekommt keine Mails mehr.`,
      "Wenn Sie das nicht waren, sagen Sie es sofort einem Administrator."
    ]
  })
}

/** By the language tag's first part; a new language is one entry. */
const languages: ReadonlyMap<string, MailTexts> = new Map([
  ["en", english],
  ["de", german]
])

export const textsFor = (language: string | null): MailTexts => languages.get(language?.split("-")[0] ?? "en") ?? english
