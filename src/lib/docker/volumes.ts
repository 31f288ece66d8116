import { labelsOf, type Labels } from './labels.ts'

/** A volume of the engine, which outlives the containers that use it. */
export interface DockerVolume {
  readonly name: string
  readonly labels: Labels
}

/** The part of GET /volumes/NAME that is read. */
export interface VolumeAnswer {
  readonly Name: string
  readonly Labels?: unknown
}

/** Whether a value is a description of a volume. */
export const isVolume = (value: unknown): value is VolumeAnswer =>
  typeof (value as Partial<VolumeAnswer> | null)?.Name === 'string'

/** The volume of an answer. */
export const volumeOf = ({ Name, Labels }: VolumeAnswer): DockerVolume => ({ name: Name, labels: labelsOf(Labels) })
