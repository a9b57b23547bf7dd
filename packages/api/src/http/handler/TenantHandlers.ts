import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import { VigilApi } from "@vigil/core/contract/VigilApi"
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
import { toProblem } from "../ToProblem.js"

export const layerTenantHandlers = HttpApiBuilder.group(VigilApi, "tenants", (handlers) =>
  handlers
    .handle("list", () => Effect.mapError(listTenants, toProblem))
    .handle("create", ({ payload }) => Effect.mapError(createTenant(payload), toProblem))
    .handle("get", ({ path: { id } }) => Effect.mapError(getTenant(id), toProblem))
    .handle("change", ({ path: { id }, payload }) => Effect.mapError(changeTenant(id, payload), toProblem))
    .handle("remove", ({ path: { id } }) => Effect.mapError(removeTenant(id), toProblem))
    .handle("licence", ({ path: { id } }) => Effect.mapError(tenantLicence(id), toProblem))
    .handle("setLicence", ({ path: { id }, payload }) => Effect.mapError(setLicence(id, payload), toProblem))
    .handle("ownLicence", () => Effect.mapError(ownLicence, toProblem))
)
