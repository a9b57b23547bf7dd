import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import { Schema } from "effect"
import { VideoJobId } from "../../Ids.js"
import { DeadVideoJob } from "../../port/VideoJobQueue.js"
import { BadRequest, NotAllowed, NotFound, Unavailable } from "../Problem.js"
import { PageSize } from "./PageSize.js"
import { SessionAuthentication } from "./SessionAuthentication.js"

const job = Schema.Struct({ id: VideoJobId })

export class JobsGroup extends HttpApiGroup.make("jobs")
  .add(
    HttpApiEndpoint.get("dead", "/jobs/dead")
      .setUrlParams(Schema.Struct({ limit: PageSize }))
      .addSuccess(Schema.Array(DeadVideoJob))
  )
  .add(
    HttpApiEndpoint.get("getDead", "/jobs/dead/:id")
      .setPath(job)
      .addSuccess(Schema.Array(DeadVideoJob).annotations({ description: "One for each model that gave it up" }))
      .addError(NotFound)
  )
  .add(HttpApiEndpoint.del("discardDead", "/jobs/dead/:id").setPath(job).addSuccess(HttpApiSchema.NoContent).addError(NotFound))
  .addError(BadRequest)
  .addError(NotAllowed)
  .addError(Unavailable)
  .middleware(SessionAuthentication)
  .annotate(
    OpenApi.Description,
    "Jobs for workers that were given up, newest first, with the reason (operators); discarding them (supervisors). They go by themselves after seven days. None can be tried again: its video is not kept."
  ) {}
