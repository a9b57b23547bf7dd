import type { AuditAction } from "@vigil/core/AuditEntry"
import { spoken } from "./FieldWords.js"

const words: Partial<Readonly<Record<AuditAction, string>>> = {
  "access.foreign": "Access to another tenant tried",
  "sign-in.refused": "Sign in refused",
  "second-factor.refused": "Second factor refused",
  "refresh-token.reused": "Refresh token used twice",
  "edge.refused": "Edge refused"
}

/** `camera.token.make` becomes `Camera token make`. */
export const actionWords = (action: AuditAction): string => words[action] ?? spoken(action.replaceAll(/[.-]/g, " "))
