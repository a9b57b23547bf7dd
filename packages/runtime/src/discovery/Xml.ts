import { SaxesParser } from "saxes"

/** An element by its local name: devices put what they say in the right namespaces, but clients need not check. */
export interface XmlNode {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: ReadonlyArray<XmlNode>
  /** Its own text, trimmed. */
  readonly text: string
}

const deepest = 40
const mostElements = 20_000

const localName = (name: string): string => name.slice(name.indexOf(":") + 1)

interface OpenNode extends XmlNode {
  readonly children: Array<XmlNode>
  text: string
}

/**
 * Reads a document; undefined where it is not well-formed, or where its depth or size is absurd. Document types are refused, so that no
 * entity is ever expanded. The caller bounds the length.
 */
export const readXml = (document: string): XmlNode | undefined => {
  const parser = new SaxesParser()
  const path: Array<OpenNode> = []
  const root: Array<XmlNode> = []
  let elements = 0
  const give = (reason: string): never => {
    throw new SyntaxError(reason)
  }
  parser.on("doctype", () => give("document types are refused"))
  parser.on("opentag", ({ attributes, name }) => {
    if (path.length >= deepest || ++elements > mostElements) give("too deep, or too many elements")
    const own = Object.entries(attributes).map(([key, value]) => [localName(key), value] as const)
    const node: OpenNode = { name: localName(name), attributes: Object.fromEntries(own), children: [], text: "" }
    const siblings = path.at(-1)?.children ?? root
    siblings.push(node)
    path.push(node)
  })
  const onText = (text: string) => {
    const node = path.at(-1)
    if (node !== undefined) node.text += text
  }
  parser.on("text", onText)
  parser.on("cdata", onText)
  parser.on("closetag", () => {
    const node = path.pop()
    if (node !== undefined) node.text = node.text.trim()
  })
  try {
    parser.write(document).close()
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
  return root[0]
}

/** The first element on a path of names below this one, at any depth for each step. */
export const find = (node: XmlNode | undefined, name: string): XmlNode | undefined => {
  for (const child of node?.children ?? []) {
    const found = child.name === name ? child : find(child, name)
    if (found !== undefined) return found
  }
  return undefined
}

/** All elements of a name below this one, but none within another of them. */
export const findAll = (node: XmlNode | undefined, name: string): ReadonlyArray<XmlNode> =>
  (node?.children ?? []).flatMap((child) => (child.name === name ? [child] : findAll(child, name)))

/** The text of the first element of a name; undefined where it is absent or empty. */
export const textIn = (node: XmlNode | undefined, name: string): string | undefined => find(node, name)?.text || undefined

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" }

export const escapeXml = (text: string): string => text.replace(/[&<>"]/g, (sign) => escapes[sign] ?? sign)
