// Looks again at this page every few seconds and puts what has changed into its marked parts. Everything works without it.
(() => {
  'use strict';
  const body = document.body;
  const lost = document.getElementById('lost');

  // Makes `old` what `fresh` is, and leaves alone what is the same already: focus, and what a reader has opened.
  const become = (old, fresh) => {
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
    }
    for (const { name, value } of [...fresh.attributes]) {
      if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    }
    let at = old.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const named = wanted.id && [...old.children].find((child) => child.id === wanted.id);
      const isAlike = at && !named && !wanted.id && !at.id && at.nodeName === wanted.nodeName;
      const found = named || (isAlike ? at : null);
      if (!found) {
        old.insertBefore(document.importNode(wanted, true), at);
        continue;
      }
      if (found === at) at = at.nextSibling;
      else old.insertBefore(found, at);
      if (found.isEqualNode(wanted)) continue;
      if (found.nodeType === Node.ELEMENT_NODE) become(found, wanted);
      else found.nodeValue = wanted.nodeValue;
    }
    while (at) {
      const next = at.nextSibling;
      at.remove();
      at = next;
    }
  };

  const look = async () => {
    const parts = document.querySelectorAll('[data-refresh]');
    if (parts.length === 0) return;
    if (!document.hidden) {
      try {
        const answer = await fetch(location.href, { cache: 'no-store', redirect: 'error' });
        const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
        for (const part of parts) {
          const fresh = page.getElementById(part.id);
          if (fresh) become(part, fresh);
        }
        if (page.body.dataset.every) body.dataset.every = page.body.dataset.every;
        lost.hidden = true;
      } catch {
        lost.hidden = false;
      }
    }
    setTimeout(look, Number(body.dataset.every) || 4000);
  };
  setTimeout(look, Number(body.dataset.every) || 4000);

  // A second click while the first is under way would do nothing twice, and yet look like something.
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (form.method !== 'post') return;
    if (form.ariaBusy === 'true') return event.preventDefault();
    form.ariaBusy = 'true';
    const button = event.submitter;
    if (button) button.textContent = body.dataset.busy;
  });
  // Come back to by the browser's own way back, a page is as it was left.
  addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });

  document.getElementById('said')?.focus();
  // On a phone the place where one is may be out of sight in the navigation.
  for (const here of document.querySelectorAll('nav [aria-current]')) {
    const list = here.closest('ul');
    list.scrollLeft = here.offsetLeft - list.offsetLeft - (list.clientWidth - here.clientWidth) / 2;
  }
})();
