import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
import { Licence, type LicenceStanding } from "@vigil/core/Licence"
import { Effect } from "effect"
import {
  changeTenant,
  createTenant,
  getTenant,
  listTenants,
  ownLicence,
  removeTenant,
  setLicence,
  tenantLicence
} from "../../application/TenantOperations.js"
import { contentTags } from "../EntityTag.js"
import { toProblem } from "../ToProblem.js"

const { expected, label } = contentTags(Licence)

/** The tag is that of the licence, not of how it stands. */
const labelled = (standing: LicenceStanding) => Effect.as(label(standing.licence), standing)

export const layerTenantHandlers = HttpApiBuilder.group(VigilApi, "tenants", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listTenants, toProblem))
    .handle("create", ({ payload }) => Effect.mapError(createTenant(payload), toProblem))
    .handle("get", ({ path: { id } }) => Effect.mapError(getTenant(id), toProblem))
    .handle("change", ({ path: { id }, payload }) => Effect.mapError(changeTenant(id, payload), toProblem))
    .handle("remove", ({ path: { id } }) => Effect.mapError(removeTenant(id), toProblem))
    .handle("licence", ({ path: { id } }) => tenantLicence(id).pipe(Effect.flatMap(labelled), Effect.mapError(toProblem)))
    .handle("setLicence", ({ headers, path: { id }, payload }) =>
      setLicence(id, payload, expected(headers)).pipe(Effect.flatMap(labelled), Effect.mapError(toProblem))
    )
    .handle("ownLicence", () => ownLicence.pipe(Effect.flatMap(labelled), Effect.mapError(toProblem)))
)
