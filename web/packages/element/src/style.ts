// The styles of <dray-upload>. A page changes them with custom properties, or part by part: `dray-upload::part(drop)`.

export const STYLE = `
:host {
  --_accent: var(--dray-accent, #b4530a);
  --_text: var(--dray-text, CanvasText);
  --_muted: var(--dray-muted, color-mix(in srgb, CanvasText 65%, Canvas));
  --_line: var(--dray-line, color-mix(in srgb, CanvasText 25%, Canvas));
  --_surface: var(--dray-surface, Canvas);
  --_error: var(--dray-error, light-dark(#b3261e, #ff8a80));
  --_radius: var(--dray-radius, 8px);
  display: block;
  color: var(--_text);
  font: var(--dray-font, inherit);
}
:host([hidden]), [hidden] { display: none !important; }
.drop {
  display: flex;
  flex-wrap: wrap;
  gap: 12px;
  align-items: center;
  justify-content: center;
  padding: 24px;
  border: 2px dashed var(--_line);
  border-radius: var(--_radius);
  background: var(--_surface);
}
.drop[data-over] { border-color: var(--_accent); }
p { margin: 0; }
button {
  font: inherit;
  color: inherit;
  padding: 6px 12px;
  border: 1px solid var(--_line);
  border-radius: var(--_radius);
  background: none;
  cursor: pointer;
}
button:hover { border-color: var(--_accent); }
button:focus-visible { outline: 2px solid var(--_accent); outline-offset: 2px; }
ul { list-style: none; margin: 8px 0 0; padding: 0; container-type: inline-size; }
li {
  display: grid;
  grid-template-columns: minmax(0, 1fr) auto auto;
  gap: 4px 12px;
  align-items: center;
  padding: 8px 0;
  border-bottom: 1px solid var(--_line);
}
li > :first-child { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
progress { grid-column: 1 / -1; grid-row: 2; width: 100%; height: 6px; accent-color: var(--_accent); }
[part=facts] { color: var(--_muted); font-variant-numeric: tabular-nums; }
[part=actions] { display: flex; gap: 8px; }
[part=note] { grid-column: 1 / -1; color: var(--_muted); }
[part=note]:empty { display: none; }
[data-state=failed] [part=note] { color: var(--_error); }
/* On a phone, the name has a line of its own. */
@container (max-width: 30rem) {
  li { grid-template-columns: minmax(0, 1fr) auto; }
  li > :first-child { grid-column: 1 / -1; }
}
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
`;
