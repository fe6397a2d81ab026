// What scripts add to pages that work without them: keys in lists, a photo turned in place, forms that
// wait for the network, and the link on the enrolment page.
"use strict";

(() => {
  const rows = () => [...document.querySelectorAll("[data-keys] [data-open]")];

  function step(by) {
    const all = rows();
    if (all.length === 0) return;
    const at = all.findIndex((row) => row.contains(document.activeElement));
    const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
    const link = next.querySelector("a[href]");
    if (link) link.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    if (event.key === "j") step(1);
    else if (event.key === "k") step(-1);
    else if (event.key === "/") {
      const search = document.querySelector("input[type=search]");
      if (!search) return;
      event.preventDefault();
      search.focus();
    }
  });

  // A form that is sent without a network would be replaced by a page of the browser: it stays, and says why.
  const offline = document.getElementById("offline");
  document.addEventListener("submit", (event) => {
    if (navigator.onLine) return;
    event.preventDefault();
    offline.hidden = false;
    offline.scrollIntoView({ block: "center" });
  });
  addEventListener("online", () => (offline.hidden = true));

  const place = document.getElementById("enrol-link");
  if (place && location.hash.length > 1) place.textContent = location.href;

  // A photo is turned and enlarged in place; without scripts the same links open the page anew.
  const viewed = document.getElementById("viewed");
  const zooms = [1, 2, 4];
  const level = (name) => Number(([...viewed.classList].find((one) => one.startsWith(name)) || "-0").split("-")[1]);
  document.addEventListener("click", (event) => {
    const tool = event.target.closest("[data-turn], [data-zoom]");
    if (!tool || !viewed || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    let turn = level("turn-");
    let zoom = level("zoom-");
    if (tool.dataset.turn) turn = (turn + Number(tool.dataset.turn) + 360) % 360;
    if (tool.dataset.zoom)
      zoom = zooms[Math.min(Math.max(zooms.indexOf(zoom) + Number(tool.dataset.zoom), 0), zooms.length - 1)];
    viewed.className = `turn-${turn} zoom-${zoom}`;
  });

  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-check-all]");
    if (!all) return;
    for (const box of document.querySelectorAll("input[name=" + CSS.escape(all.dataset.checkAll) + "]"))
      box.checked = all.checked;
  });
})();
