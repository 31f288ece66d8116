import { Refused } from '../errors.ts'

/** The refusal of a transit network that is not there. */
export const transitMissing = (name: string): Refused =>
  new Refused('TransitMissing', `There is no transit network ${name} in this cloud.`, {
    next: `Make it first: ovsd net create ${name} --role transit`,
  })
