"use strict";
// Shows notifications while no page is open, and opens what they are about. Keeps no pages: an old alert would be worse
// than none.
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

// Only addresses of our own are opened, whatever a message says.
function own(address) {
  try {
    const url = new URL(address, self.location.origin);
    return url.origin === self.location.origin ? url.href : null;
  } catch {
    return null;
  }
}

self.addEventListener("push", (event) => {
  let message = {};
  try {
    message = event.data ? event.data.json() : {};
  } catch {
    message = { body: event.data.text() };
  }
  const actions = Array.isArray(message.actions) ? message.actions : [];
  const links = Object.fromEntries(actions.map((action) => [action.action, action.url]));
  event.waitUntil(self.registration.showNotification(message.title || "An alert", {
    body: message.body || "",
    tag: message.id,
    renotify: Boolean(message.id),
    requireInteraction: message.priority === "HIGH",
    icon: "/console/static/icon-192.png",
    badge: "/console/static/icon-192.png",
    timestamp: Date.now(),
    actions: actions.slice(0, 2).map(({ action, title }) => ({ action, title })),
    data: { url: message.url, links },
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, links } = event.notification.data || {};
  const address = own((event.action && links && links[event.action]) || url || "/console/alerts") || "/console/alerts";
  event.waitUntil((async () => {
    const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const open = pages.find((page) => page.url === address);
    return open ? open.focus() : self.clients.openWindow(address);
  })());
});
