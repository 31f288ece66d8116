// Names come from containers and databases that others fill: what steers a terminal must not reach it.
const CONTROL = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

/** Text without control characters (line ends and tabs stay) and without marks that reverse its direction. */
export const plainText = (text: string): string => text.replaceAll(CONTROL, '�')

/** The same on one line: a name with a line end in it must not make lines of its own. */
export const plainLine = (text: string): string => plainText(text).replaceAll(/[\n\t]/g, '�')
