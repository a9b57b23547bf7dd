import * as OpenApi from "@effect/platform/OpenApi"
import { VigilApi } from "./VigilApi.js"

/** The HTTP interface as an OpenAPI 3.1 document: what `/api/v1/openapi.json` answers and docs/openapi.json keeps. */
export const openApiDocument = OpenApi.fromApi(VigilApi)
