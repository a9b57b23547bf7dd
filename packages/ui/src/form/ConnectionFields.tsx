import { lacksSecrets } from "@vigil/core/AddressSecrets"
import type { TlsTrust } from "@vigil/core/Source"
import { CheckField, SelectField, TextAreaField, TextField } from "../component/Field.js"
import { type CameraDraft, type Complaints, withoutUserInformation } from "./CameraDraft.js"

export interface DraftProps {
  readonly draft: CameraDraft
  readonly complaints: Complaints
  readonly change: (change: Partial<CameraDraft>) => void
}

const trustOf = (mode: string): TlsTrust => {
  switch (mode) {
    case "ca":
      return { mode, pem: "" }
    case "fingerprint":
      return { mode, sha256: "" }
    case "insecure":
      return { mode }
    default:
      return { mode: "system" }
  }
}

const TlsFields = ({ draft: { tls }, complaints, change }: DraftProps) => (
  <>
    <SelectField label="Trusted certificate" value={tls.mode} onChange={(event) => change({ tls: trustOf(event.target.value) })}>
      <option value="system">One that this machine trusts</option>
      <option value="fingerprint">One with this fingerprint</option>
      <option value="ca">One of this certificate authority</option>
      <option value="insecure">Any (not safe: anybody could pose as the camera)</option>
    </SelectField>
    {tls.mode === "fingerprint" && (
      <TextField
        label="SHA-256 fingerprint"
        className="field font-mono"
        value={tls.sha256}
        error={complaints["tls.sha256"] ?? complaints["tls"]}
        onChange={(event) => change({ tls: { mode: "fingerprint", sha256: event.target.value } })}
      />
    )}
    {tls.mode === "ca" && (
      <TextAreaField
        label="Certificate (PEM)"
        className="field min-h-32 font-mono text-xs"
        value={tls.pem}
        onChange={(event) => change({ tls: { mode: "ca", pem: event.target.value } })}
      />
    )}
  </>
)

/** Where the camera is and how to get in. `stored`: it has a user name and password that nobody can read again. */
export const ConnectionFields = ({ stored, ...props }: DraftProps & { readonly stored: boolean }) => {
  const { draft, complaints, change } = props
  const rtsp = /^\s*rtsps?:/i.test(draft.url) || draft.url.trim() === ""
  const tls = /^\s*(rtsps|https):/i.test(draft.url)
  const kept = stored && !draft.forget ? "Leave empty to keep the stored one." : undefined
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <TextField
        label="Name"
        name="name"
        required
        maxLength={200}
        placeholder="Front gate"
        value={draft.name}
        error={complaints["name"]}
        onChange={(event) => change({ name: event.target.value })}
      />
      <TextField
        label="Address"
        name="url"
        required
        inputMode="url"
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        placeholder="rtsp://192.168.1.20/stream1"
        hint={lacksSecrets(draft.url) ? "*** keeps what is stored there; write over it to change it." : undefined}
        value={draft.url}
        error={complaints["url"]}
        onChange={(event) => change({ url: event.target.value })}
        onBlur={() => change(withoutUserInformation(draft))}
      />
      <TextField
        label="User name"
        name="camera-username"
        autoComplete="off"
        autoCapitalize="none"
        hint={kept}
        value={draft.username}
        disabled={draft.forget}
        onChange={(event) => change({ username: event.target.value })}
      />
      <TextField
        label="Password"
        name="camera-password"
        type="password"
        autoComplete="new-password"
        hint={kept ?? "Kept encrypted, and never shown again."}
        value={draft.password}
        disabled={draft.forget}
        onChange={(event) => change({ password: event.target.value })}
      />
      {stored && (
        <CheckField
          label="Forget the stored user name and password"
          checked={draft.forget}
          onChange={(event) => change({ forget: event.target.checked, username: "", password: "" })}
        />
      )}
      {rtsp && (
        <SelectField
          label="Transport"
          hint="Automatic suits nearly all cameras."
          value={draft.transport}
          onChange={(event) => {
            const transport = event.target.value
            change({ transport: transport === "tcp" || transport === "udp" ? transport : "auto" })
          }}
        >
          <option value="auto">Automatic (TCP, then UDP)</option>
          <option value="tcp">TCP</option>
          <option value="udp">UDP</option>
        </SelectField>
      )}
      {tls && <TlsFields {...props} />}
    </div>
  )
}
