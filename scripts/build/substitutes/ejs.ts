// oclif takes every text of its help for a template and compiles it. Few of ours are one; those go to the real ejs.
interface Ejs {
  render(template: string, values: object): string
}

declare const require: (name: string) => Ejs

export function render(template: string, values: object): string {
  return template.includes('<%') ? require('ejs').render(template, values) : template
}
export default { render }
