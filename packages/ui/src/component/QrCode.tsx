import { encode } from "uqr"

/** Light modules around the code: readers find it by them (ISO/IEC 18004 clause 9.1). */
const quiet = 4

/** A text as a QR code, dark on light in every theme. `label` says what it is for. */
export const QrCode = ({ label, text }: { readonly label: string; readonly text: string }) => {
  const { data, size } = encode(text, { ecc: "M", border: 0 })
  const side = size + 2 * quiet
  const path = data.flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x + quiet} ${y + quiet}h1v1h-1z` : ""))).join("")
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${side} ${side}`}
      shapeRendering="crispEdges"
      className="w-full max-w-64 rounded-lg"
    >
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}
