// The first thing that runs, on whatever Node there is: so it is JavaScript of 2009.
// Takes the "engines" range of package.json and a version; returns what to tell the user, or nothing.
module.exports = function (range, version) {
  var found = version.split('.').map(Number)
  var isSupported = range.split('||').some(function (part) {
    var isCaret = part.indexOf('^') >= 0
    var wanted = part
      .replace(/[^0-9.]/g, '')
      .split('.')
      .map(Number)
    if (isCaret ? found[0] !== wanted[0] : found[0] > wanted[0]) return !isCaret
    if (found[0] < wanted[0]) return false
    var minor = wanted[1] || 0
    return found[1] > minor || (found[1] === minor && found[2] >= (wanted[2] || 0))
  })
  if (!isSupported) return 'ovsd needs Node.js ' + range + '; this is ' + version + '.'
}
