"use strict";
// What a page cannot do by itself. Without this script every page is whole; it only stands still.

// A report's frame is as high as the report, whatever is unfolded in it.
for (const frame of document.querySelectorAll("iframe[data-grows]")) {
  const grow = () => {
    const inside = frame.contentDocument && frame.contentDocument.documentElement;
    if (inside) frame.style.height = `${inside.scrollHeight + 4}px`;
  };
  const watch = () => {
    grow();
    if (frame.contentDocument) new ResizeObserver(grow).observe(frame.contentDocument.body);
  };
  frame.addEventListener("load", watch);
  if (frame.contentDocument && frame.contentDocument.readyState === "complete") watch();
}

// What runs and who holds what changes while somebody looks. Nothing is taken away from under a finger.
for (const part of document.querySelectorAll("[data-renews]")) {
  setInterval(async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
    if (!answer || !answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-renews]");
    if (fresh && fresh.innerHTML !== part.innerHTML && !part.contains(document.activeElement)) {
      part.replaceChildren(...fresh.childNodes);
    }
  }, 3000);
}

// A running case: the server says which texts have changed.
for (const place of document.querySelectorAll("[data-follow]")) {
  const source = new EventSource(place.dataset.follow);
  source.addEventListener("state", (event) => {
    const texts = JSON.parse(event.data);
    for (const part of document.querySelectorAll("[data-live]")) {
      const text = texts[part.dataset.live] || "-";
      if (part.textContent !== text) part.textContent = text;
    }
    for (const bar of document.querySelectorAll("[data-live-value]")) {
      const value = texts[bar.dataset.liveValue];
      if (value) bar.value = Number(value);
    }
  });
  source.addEventListener("end", () => {
    source.close();
    for (const told of document.querySelectorAll("[data-ended]")) told.hidden = false;
  });
}
