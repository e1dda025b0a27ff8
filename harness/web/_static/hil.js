"use strict";
// Two things that a page cannot do by itself. Without this script every page is whole; it only stands still.

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
