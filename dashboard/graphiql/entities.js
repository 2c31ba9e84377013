// Stands in for the `entities` package in the Markdown renderer: the browser itself knows every named character.
export function decodeHTML(text) {
  const area = document.createElement('textarea');
  area.innerHTML = text;
  return area.value;
}
export const decodeHTMLStrict = decodeHTML;
