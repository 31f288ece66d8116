// oclif makes one of its two progress displays at load. ovsd draws with listr2 and uses neither.
export default class NoSpinner {
  start(): never {
    throw new Error('the progress display of oclif was left out of this build of ovsd')
  }
}
