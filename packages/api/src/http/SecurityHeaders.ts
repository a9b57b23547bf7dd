import { isSecure, type ServerConfig } from "../ServerConfig.js"

/** For the older browsers in which 'self' does not cover WebSockets. A Host header is anything, so only plain ones are repeated. */
const sockets = (host: string | undefined): string =>
  host !== undefined && /^[A-Za-z0-9.\-:[\]]{1,255}$/.test(host) ? ` ws://${host} wss://${host}` : ""

const contentSecurityPolicy = (host: string | undefined): string =>
  [
    "default-src 'self'",
    `connect-src 'self'${sockets(host)}`,
    "img-src 'self' data: blob:",
    "media-src 'self' blob:",
    "style-src 'self' 'unsafe-inline'",
    "worker-src 'self' blob:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'"
  ].join("; ")

/** What every answer tells browsers; an answer's own headers win. */
export const securityHeaders = (config: typeof ServerConfig.Service, host: string | undefined): Record<string, string> => ({
  "content-security-policy": contentSecurityPolicy(host),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), usb=()",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  ...(isSecure(config) ? { "strict-transport-security": "max-age=31536000" } : {})
})
