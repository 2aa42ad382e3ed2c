// Loaded before anything is drawn, so that no page flashes in the wrong colours. The system's wish holds until the
// switch was used; a second use of the switch in the other direction is remembered like the first.
(() => {
  const KEY = 'arbdata-theme';
  const wish = matchMedia('(prefers-color-scheme: dark)');
  const remembered = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  };
  const apply = () => {
    const chosen = remembered();
    const theme = chosen === 'light' || chosen === 'dark' ? chosen : wish.matches ? 'dark' : 'light';
    if (document.documentElement.dataset['theme'] === theme) return;
    document.documentElement.dataset['theme'] = theme;
    dispatchEvent(new Event('themechange'));
  };
  wish.addEventListener('change', apply);
  addEventListener('storage', apply);
  addEventListener('choosetheme', (event) => {
    try {
      localStorage.setItem(KEY, /** @type {CustomEvent<string>} */ (event).detail);
    } catch {
      // A browser that keeps nothing: the choice holds for this page.
    }
    document.documentElement.dataset['theme'] = /** @type {CustomEvent<string>} */ (event).detail;
    dispatchEvent(new Event('themechange'));
  });
  apply();
})();
