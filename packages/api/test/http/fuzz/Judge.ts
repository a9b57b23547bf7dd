import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import type { JsonObject } from "./JsonSchemaArbitrary.js"
import type { Operation } from "./Operations.js"

/** An answer. Status 0: there was none. */
export interface Received {
  readonly status: number
  readonly contentType: string
  readonly text: string
}

/** What in an answer is not as the document says; nothing where all is. 500 is always wrong, and so is the database being away: it is there. */
export const makeJudge = (document: JsonObject): ((operation: Operation, answer: Received) => ReadonlyArray<string>) => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  ajv.addSchema({ $id: "openapi", ...document })
  const validators = new Map<unknown, ValidateFunction>()

  const validatorOf = (schema: unknown): ValidateFunction => {
    const known = validators.get(schema)
    if (known !== undefined) return known
    const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')))
    validators.set(schema, validate)
    return validate
  }

  return (operation, { contentType, status, text }) => {
    const documented = operation.answers.get(status)
    if (status === 500 || text.includes("urn:vigil:problem:store-unavailable") || documented === undefined)
      return [`${operation.id} answers ${status}`]
    if (documented.size === 0) return text === "" ? [] : [`${operation.id} answers ${status} with a body`]
    const schema = documented.get(contentType.split(";")[0] ?? "")
    if (schema === undefined) return [`${operation.id} answers ${status} as ${contentType}`]
    if (!contentType.includes("json")) return []
    const validate = validatorOf(schema)
    return validate(JSON.parse(text)) ? [] : [`${operation.id} answers ${status}, but ${ajv.errorsText(validate.errors)}`]
  }
}
