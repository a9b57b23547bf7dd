import { EventId } from "@vigil/core/Ids"
import { decodeTyped } from "../../Output.js"
import { word } from "../../SourceArgument.js"

export const eventArgument = word("event", "The event's id, as `vigil event list` tells it.")

export const eventId = (text: string) => decodeTyped(EventId, `${text} is not an event's id`)(text)
