// Drag and drop, and an answer without a new page. Without this file the form works as forms do.
'use strict';
(() => {
  document.documentElement.classList.add('scripted');
  const form = document.getElementById('form');
  const drop = document.getElementById('drop');
  const file = document.getElementById('file');
  const text = document.getElementById('text');
  const chosen = document.getElementById('chosen');
  const button = form.querySelector('button');

  const show = () => { chosen.textContent = file.files.length ? file.files[0].name : ''; };

  const say = (message) => {
    const result = document.getElementById('result');
    const paragraph = document.createElement('p');
    paragraph.className = 'busy';
    paragraph.textContent = message;
    result.replaceChildren(paragraph);
  };

  const verify = async () => {
    if (!file.files.length && !text.value.trim()) {
      say(form.dataset.nothing);
      return;
    }
    if (!form.reportValidity()) return;
    button.disabled = true;
    say(form.dataset.busy);
    try {
      const answer = await fetch(form.action, { method: 'POST', body: new FormData(form), redirect: 'error' });
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
      const found = page.getElementById('result');
      if (!found) throw new Error('no result');
      document.getElementById('result').replaceWith(document.importNode(found, true));
      document.getElementById('result').focus({ preventScroll: true });
      document.getElementById('result').scrollIntoView({ block: 'nearest' });
    } catch {
      say(form.dataset.failed);
    } finally {
      button.disabled = false;
    }
  };

  form.addEventListener('submit', (event) => { event.preventDefault(); verify(); });
  file.addEventListener('change', show);
  for (const name of ['dragenter', 'dragover']) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add('over'); });
  }
  for (const name of ['dragleave', 'drop']) {
    drop.addEventListener(name, (event) => { event.preventDefault(); drop.classList.remove('over'); });
  }
  // A file that is dropped beside the field must not replace the page.
  for (const name of ['dragover', 'drop']) {
    window.addEventListener(name, (event) => event.preventDefault());
  }
  drop.addEventListener('drop', (event) => {
    if (!event.dataTransfer.files.length) return;
    const one = new DataTransfer();
    one.items.add(event.dataTransfer.files[0]);
    file.files = one.files;
    show();
    verify();
  });
})();
