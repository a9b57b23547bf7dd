import { Schema } from "effect"

/** Identifies a tenant: one customer of the installation. The event and job structures call this field `customerId`. */
export const TenantId = Schema.UUID.pipe(Schema.brand("TenantId"))
export type TenantId = typeof TenantId.Type

/** Identifies a camera, for ever and on every node. */
export const CameraId = Schema.UUID.pipe(Schema.brand("CameraId"))
export type CameraId = typeof CameraId.Type

/** Identifies an edge: a node at a customer's site that records and analyses on its own. */
export const EdgeId = Schema.UUID.pipe(Schema.brand("EdgeId"))
export type EdgeId = typeof EdgeId.Type

/** Identifies a place: a site, or a building, floor or zone in one. */
export const PlaceId = Schema.UUID.pipe(Schema.brand("PlaceId"))
export type PlaceId = typeof PlaceId.Type

/** Identifies a search for cameras in the network. */
export const DiscoveryId = Schema.UUID.pipe(Schema.brand("DiscoveryId"))
export type DiscoveryId = typeof DiscoveryId.Type

export const EventId = Schema.UUID.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type

export const UserId = Schema.UUID.pipe(Schema.brand("UserId"))
export type UserId = typeof UserId.Type

/** Identifies a track outside its camera; stable for as long as the object is followed. */
export const TrackId = Schema.UUID.pipe(Schema.brand("TrackId"))
export type TrackId = typeof TrackId.Type

/** A model's name in the catalogue: lower case, digits and dashes, for example `yolox-nano`. */
export const ModelId = Schema.String.pipe(Schema.pattern(/^[a-z0-9][a-z0-9._-]{0,63}$/), Schema.brand("ModelId"))
export type ModelId = typeof ModelId.Type

/** An analytic's name, for example `intrusion`. */
export const AnalyticId = Schema.String.pipe(Schema.pattern(/^[a-z][a-z0-9-]{0,63}$/), Schema.brand("AnalyticId"))
export type AnalyticId = typeof AnalyticId.Type

/**
 * Counts the actors that a camera has had. Each actor takes the next one when it starts, and every write carries it; a store
 * refuses a write whose epoch is lower than the highest it has seen, so a paused node that wakes up late cannot write twice.
 */
export const Epoch = Schema.Int.pipe(Schema.nonNegative(), Schema.brand("Epoch"))
export type Epoch = typeof Epoch.Type

/** The tenant of a single-tenant installation. */
export const defaultTenant: TenantId = TenantId.make("00000000-0000-4000-8000-000000000001")

/** Identifies a VideoJob; made of its camera, epoch and segment, so that publishing a segment twice makes one job. */
export const VideoJobId = Schema.UUID.pipe(Schema.brand("VideoJobId"))
export type VideoJobId = typeof VideoJobId.Type
