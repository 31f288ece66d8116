#!/usr/bin/env node
// Development: the program on its sources, with the manifest worked out at each start.
import { computeManifest } from '../scripts/build/manifest.ts'
import { main } from '../src/main.ts'

await main(await computeManifest())
