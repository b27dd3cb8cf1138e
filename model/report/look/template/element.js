// A piece of a widget. JupyterLab takes the arrow keys and Enter for itself, while a notebook is in its command mode, from
// whatever has the focus and does not say that it wants its own keys: each piece says so.
function element(tag, fields = {}, ...children) {
  const made = Object.assign(document.createElement(tag), fields);
  made.dataset.lmSuppressShortcuts = "true";
  made.append(...children);
  return made;
}

