import { type JsonObject, listOf, resolved } from "./JsonSchemaArbitrary.js"

/** One thing that the document says can be done. */
export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  /** Names of the parameters in the path. */
  readonly pathParameters: ReadonlyArray<string>
  readonly queryParameters: ReadonlyArray<{ readonly name: string; readonly schema: unknown }>
  readonly headerParameters: ReadonlyArray<{ readonly name: string; readonly schema: unknown }>
  /** Content type and schema of the body; none where it has none. */
  readonly body: { readonly contentType: string; readonly schema: unknown } | undefined
  /** What it may answer: status, content type, schema. */
  readonly answers: ReadonlyMap<number, ReadonlyMap<string, unknown>>
}

const entriesOf = (document: JsonObject, value: unknown): ReadonlyArray<readonly [string, JsonObject]> =>
  Object.entries(resolved(document, value)).map(([key, entry]) => [key, resolved(document, entry)])

const contentOf = (document: JsonObject, holder: JsonObject): ReadonlyMap<string, unknown> =>
  new Map(entriesOf(document, holder["content"]).map(([type, media]) => [type, media["schema"]]))

const parametersOf = (document: JsonObject, operation: JsonObject, place: string) =>
  entriesOf(document, { ...listOf(operation["parameters"]) })
    .map(([, parameter]) => parameter)
    .filter((parameter) => parameter["in"] === place)
    .map((parameter) => ({ name: String(parameter["name"]), schema: parameter["schema"] }))

/** Everything that an OpenAPI document says can be done. */
export const operationsOf = (document: JsonObject): ReadonlyArray<Operation> =>
  entriesOf(document, document["paths"]).flatMap(([path, item]) =>
    entriesOf(document, item).map(([method, operation]): Operation => {
      const [body] = [...contentOf(document, resolved(document, operation["requestBody"]))]
      return {
        id: String(operation["operationId"]),
        method: method.toUpperCase(),
        path,
        pathParameters: parametersOf(document, operation, "path").map(({ name }) => name),
        queryParameters: parametersOf(document, operation, "query"),
        headerParameters: parametersOf(document, operation, "header"),
        body: body === undefined ? undefined : { contentType: body[0], schema: body[1] },
        answers: new Map(
          entriesOf(document, operation["responses"]).map(([status, response]) => [Number(status), contentOf(document, response)])
        )
      }
    })
  )
