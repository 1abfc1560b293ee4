// SASLprep (RFC 4013, AUTH-42): two people, or one with two keyboards, who type the same name or password get the same bytes.
//
// The tables of RFC 3454 are of Unicode 3.2. Where a property of today's Unicode means the same set, the expression names the
// property; characters that came later then count as what they are today. The rest is written out.

import { UsageError } from '../errors.ts'

/** Characters of a name or password; normalising may make a text many times longer, so this comes first. */
export const SASLPREP_CHARS_MAX = 1024

/** Nothing of it is changed or prohibited. */
const PLAIN = /^[\x20-\x7e]*$/
/** Table C.1.2, spaces other than U+0020: they become one. U+200B is in B.1 too; it counts as a space, as in other programs. */
const SPACES = /[\p{Zs}\u200b]/gu
/** Table B.1, mapped to nothing. */
const INVISIBLE = /\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu

/** Tables C.2.1 to C.9; C.1.2 cannot be left when the spaces are mapped. */
const PROHIBITED = new RegExp(
  `[${[
    '\\p{Cc}', // C.2.1 and the start of C.2.2
    '\\u06dd\\u070f\\u180e\\u200c\\u200d\\u2028\\u2029\\u2060-\\u2063\\u206a-\\u206f\\ufeff\\ufff9-\\ufffc\\u{1d173}-\\u{1d17a}', // C.2.2
    '\\p{Co}\\p{Noncharacter_Code_Point}\\p{Cs}', // C.3, C.4, C.5
    '\\ufffd\\u2ff0-\\u2ffb', // C.6, C.7
    '\\u0340\\u0341\\u200e\\u200f\\u202a-\\u202e', // C.8
    '\\u{e0001}\\u{e0020}-\\u{e007f}', // C.9
  ].join('')}]`,
  'u',
)

/** Code points that this engine's Unicode does not know (RFC 3454 section 7): it cannot know how they will be normalised. */
const UNASSIGNED = /\p{Cn}/u

/** Table D.1, written from right to left. */
const RIGHT_TO_LEFT =
  '[\\u05be\\u05c0\\u05c3\\u05d0-\\u05ea\\u05f0-\\u05f4\\u061b\\u061f\\u0621-\\u063a\\u0640-\\u064a\\u066d-\\u066f\\u0671-\\u06d5' +
  '\\u06dd\\u06e5\\u06e6\\u06fa-\\u06fe\\u0700-\\u070d\\u0710\\u0712-\\u072c\\u0780-\\u07a5\\u07b1\\u200f\\ufb1d\\ufb1f-\\ufb28' +
  '\\ufb2a-\\ufb36\\ufb38-\\ufb3c\\ufb3e\\ufb40\\ufb41\\ufb43\\ufb44\\ufb46-\\ufbb1\\ufbd3-\\ufd3d\\ufd50-\\ufd8f\\ufd92-\\ufdc7' +
  '\\ufdf0-\\ufdfc\\ufe70-\\ufe74\\ufe76-\\ufefc]'
const HAS_RIGHT_TO_LEFT = new RegExp(RIGHT_TO_LEFT, 'u')
const IS_FRAMED_RIGHT_TO_LEFT = new RegExp(`^${RIGHT_TO_LEFT}(?:.*${RIGHT_TO_LEFT})?$`, 'su')

/** Where Unicode puts scripts from right to left, those that came after Unicode 3.2 too; and what was no letter then. */
const NOT_LEFT_TO_RIGHT =
  '[\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufeff\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}' +
  '\\u02b9\\u02ba\\u02c6-\\u02cf\\u02ec\\u0374\\u1734\\u2132\\u302e\\u302f]'
/** Table D.2, written from left to right: letters of all other scripts, and these that are none or were some then. */
const HAS_LEFT_TO_RIGHT = new RegExp(
  `(?!${NOT_LEFT_TO_RIGHT})[\\p{L}\\p{Mc}\\p{Nl}` +
    '\\u0482\\u055a-\\u055f\\u0589\\u0964-\\u0970\\u09e6-\\u09ef\\u09f4-\\u09fa\\u0a66-\\u0a6f\\u0ae6-\\u0aef\\u0b66-\\u0b70\\u0be7-\\u0bf2' +
    '\\u0c66-\\u0c6f\\u0ce6-\\u0cef\\u0d66-\\u0d6f\\u0df4\\u0e4f-\\u0e5b\\u0ed0-\\u0ed9\\u0f01-\\u0f17\\u0f1a-\\u0f34\\u0f36\\u0f38\\u0f85' +
    '\\u0fbe-\\u0fc5\\u0fc7-\\u0fcc\\u0fcf\\u1040-\\u104f\\u10fb\\u1361-\\u137c\\u166d\\u166e\\u16eb-\\u16ed\\u1735\\u1736\\u17d4-\\u17d6' +
    '\\u17b4\\u17b5\\u17d8-\\u17da\\u17e0-\\u17e9\\u1810-\\u1819\\u1885\\u1886\\u2336-\\u237a\\u2395\\u249c-\\u24e9\\u3190-\\u319f\\u3200-\\u321c\\u3220-\\u3243' +
    '\\u3260-\\u327b\\u327f-\\u32b0\\u32c0-\\u32cb\\u32d0-\\u32fe\\u3300-\\u3376\\u337b-\\u33dd\\u33e0-\\u33fe\\u{10320}-\\u{10323}' +
    '\\u{1d000}-\\u{1d0f5}\\u{1d100}-\\u{1d126}\\u{1d12a}-\\u{1d164}\\u{1d16a}-\\u{1d16c}\\u{1d183}\\u{1d184}\\u{1d18c}-\\u{1d1a9}' +
    '\\u{1d1ae}-\\u{1d1dd}\\u{1d6c1}\\u{1d6db}\\u{1d6fb}\\u{1d715}\\u{1d735}\\u{1d74f}\\u{1d76f}\\u{1d789}\\u{1d7a9}\\u{1d7c3}]',
  'u',
)

/** `stored` is what a server keeps and refuses unassigned code points; `query` is what is compared with it (RFC 3454 section 7). */
export type SaslprepUse = 'stored' | 'query'

/**
 * Prepares a name or password.
 *
 * @param what names the text in errors, which never show it
 * @throws UsageError ERR_INVALID_ARGUMENT: the text is empty or too long, has a prohibited character, or mixes directions
 * @example
 * saslprep('I\u00adX', 'query', 'authid') // 'IX'
 */
export function saslprep(text: string, use: SaslprepUse, what: string): string {
  const fail = (why: string): never => {
    throw new UsageError('ERR_INVALID_ARGUMENT', `Cannot use the ${what}: ${why}`)
  }
  if (text.length > SASLPREP_CHARS_MAX) return fail(`it has ${text.length} characters, and at most ${SASLPREP_CHARS_MAX} are allowed`)
  const prepared = PLAIN.test(text) ? text : text.replace(SPACES, ' ').replace(INVISIBLE, '').normalize('NFKC')
  if (prepared === '') return fail('it is empty')
  if (PROHIBITED.test(prepared)) return fail('it has a character that SASLprep prohibits, such as a control or private-use character')
  if (use === 'stored' && UNASSIGNED.test(prepared)) return fail('it has a character that this version of Unicode does not know')
  if (HAS_RIGHT_TO_LEFT.test(prepared) && (HAS_LEFT_TO_RIGHT.test(prepared) || !IS_FRAMED_RIGHT_TO_LEFT.test(prepared))) {
    return fail('text from right to left must begin and end with a letter of that direction and have none of the other (RFC 3454, 6)')
  }
  return prepared
}
