// The page's language: texts, numbers, dates and alphabetical order as its readers expect them.

// The server puts every text of these scripts into the page. See languages.py.
const strings = JSON.parse(document.getElementById("strings").content.textContent);

/** The reader's own variety of the page's language where the browser names one, as "de-AT". */
export const language = navigator.languages.find(isOurs) ?? strings.language;

function isOurs(tag) {
  try {
    return new Intl.Locale(tag).language === strings.language;
  } catch {
    return false; // some systems make up tags, as "en-US@posix"
  }
}

const category = new Intl.PluralRules(strings.language);
const numbers = new Intl.NumberFormat(language);

export const formatNumber = (value) => numbers.format(value);

/** A text in the reader's language. {names} in it are filled in. */
export function _(text, values = {}) {
  return fill(own(strings.messages, text) ?? text, values);
}

/** The form of a text that goes with a number. It may use the number as {count}. */
export function ngettext(one, many, count, values = {}) {
  const forms = own(strings.messages, one) ?? {};
  const text = forms[category.select(count)] ?? (count === 1 ? one : many);
  return fill(text, { count, ...values });
}

/** Why the server refused something, in the reader's language as far as the page knows it. */
export function refusal({ code, text, values = {} }) {
  const known = own(strings.refusals, code) ?? text;
  if (typeof known === "string") return fill(known, values);
  return fill(known[category.select(values.count)] ?? text, values);
}

/**
 * What is filled in is text of people: isolated, so that it keeps its direction to itself. It is
 * not looked at again: braces in a name are only braces.
 */
function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = own(values, name);
    if (value === undefined) return whole;
    return typeof value === "number" ? formatNumber(value) : `\u2068${value}\u2069`;
  });
}

/** Let what is typed go its own way; an empty field, with its placeholder, goes the page's. */
export function setDirection(field) {
  field.dir = field.value ? "auto" : document.dir;
}

const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

// --- dates and order ---

export const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit" });
export const calendar = new Intl.DateTimeFormat(language, {
  weekday: "long", day: "numeric", month: "long",
});
export const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" });
export const collator = new Intl.Collator(language);
