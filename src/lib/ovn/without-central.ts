import { OvsdError } from '../errors.ts'

const CODES: readonly string[] = ['CentralUnknown', 'ChassisMissing', 'CentralUnreachable']

/** Whether that says that central is away, unknown, or not this host's yet. */
export const isWithoutCentral = (error: unknown): error is OvsdError =>
  error instanceof OvsdError && CODES.includes(error.code)
