import { PREFIX } from './keys.ts'
import { shown } from './quote.ts'

type Labels = Readonly<Record<string, string>>

/**
 * The labels that a container was given itself. An engine puts the labels of the image among those of the container and
 * does not say which is which; one that has the same value in both is taken as the image's. `dropped` names the labels
 * for ovsd that went.
 */
export function withoutImageLabels(
  container: Labels,
  image: Labels,
): { readonly labels: Labels; readonly dropped: readonly string[] } {
  const isImages = (name: string): boolean => Object.hasOwn(image, name) && image[name] === container[name]
  const ours = Object.keys(container).filter((name) => name.startsWith(PREFIX))
  return {
    labels: Object.fromEntries(Object.entries(container).filter(([name]) => !isImages(name))),
    dropped: ours.filter(isImages).sort().map(shown),
  }
}
