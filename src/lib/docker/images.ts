import { labelsOf, type Labels } from './labels.ts'

/** An image of the engine. */
export interface DockerImage {
  /** "sha256:…" */
  readonly id: string
  readonly labels: Labels
}

/** The part of GET /images/NAME/json that is read. */
export interface ImageAnswer {
  readonly Id?: string
  readonly Config?: { readonly Labels?: unknown } | null
}

/** Whether a value is a description of an image. */
export const isImage = (value: unknown): value is ImageAnswer => typeof value === 'object' && value !== null

/** The image of an answer. */
export const imageOf = ({ Id, Config }: ImageAnswer): DockerImage => ({
  id: Id ?? '',
  labels: labelsOf(Config?.Labels),
})
