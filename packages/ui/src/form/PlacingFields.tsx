import { useQuery } from "@tanstack/react-query"
import { useClient } from "../client/ClientContext.js"
import { camerasQuery } from "../client/Queries.js"
import { TextAreaField, TextField } from "../component/Field.js"
import type { DraftProps } from "./ConnectionFields.js"
import { LabelsField } from "./LabelsField.js"
import { PlaceField } from "./PlaceField.js"

const sorted = (words: ReadonlyArray<string>) => [...new Set(words)].sort((a, b) => a.localeCompare(b))

/** Where the camera hangs, and by which words it is found and given to people. */
export const PlacingFields = ({ draft, complaints, change }: DraftProps) => {
  const cameras = useQuery(camerasQuery(useClient())).data ?? []
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <PlaceField
        value={draft.placeId}
        error={complaints["placeId"]}
        hint="People may be limited to places."
        onChange={(placeId) => change({ placeId })}
      />
      <TextField
        label="Location"
        hint="Where exactly, in words."
        maxLength={200}
        placeholder="Pole 3, towards the ramp"
        value={draft.location}
        error={complaints["location"]}
        onChange={(event) => change({ location: event.target.value })}
      />
      <LabelsField
        label="Tags"
        hint="Words to find it by; Enter or a comma ends each."
        error={complaints["tags"]}
        labels={draft.tags}
        known={sorted(cameras.flatMap(({ tags }) => tags))}
        onChange={(tags) => change({ tags })}
      />
      <LabelsField
        label="Groups"
        hint="People may be limited to groups too."
        error={complaints["groups"]}
        labels={draft.groups}
        known={sorted(cameras.flatMap(({ groups }) => groups))}
        onChange={(groups) => change({ groups })}
      />
      <div className="sm:col-span-2">
        <TextAreaField
          label="Description"
          maxLength={2000}
          value={draft.description}
          error={complaints["description"]}
          onChange={(event) => change({ description: event.target.value })}
        />
      </div>
    </div>
  )
}
