"use strict";
// Subscribes this browser to notifications.
(() => {
  const card = document.getElementById("push");
  if (!card) return;
  const form = document.getElementById("push-form");
  const button = document.getElementById("push-button");
  const state = document.getElementById("push-state");
  const say = (text) => { state.textContent = text; };

  if (!("serviceWorker" in navigator) || !("PushManager" in window)) {
    say("This browser cannot show notifications of this page. On an iPhone, add the page to the home screen first.");
    return;
  }
  if (!window.isSecureContext) {
    say("Browsers show notifications of pages that come by https only.");
    return;
  }

  const bytes = (text) => {
    const base64 = text.replace(/-/g, "+").replace(/_/g, "/");
    return Uint8Array.from(atob(base64 + "=".repeat((4 - base64.length % 4) % 4)), (letter) => letter.charCodeAt(0));
  };
  const label = () => {
    const system = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"]
      .find((name) => navigator.userAgent.includes(name));
    return system ? `Browser on ${system}` : "Browser";
  };

  const begin = async () => {
    const worker = await navigator.serviceWorker.register("/console/service-worker.js", { scope: "/console/" });
    const known = await worker.pushManager.getSubscription();
    if (known && localStorage.getItem("tocsin-push") === known.endpoint) {
      say("This browser is notified. To end that, delete it among the devices.");
      button.textContent = "Subscribe again";
    }
    button.disabled = false;
    return worker;
  };

  form.addEventListener("submit", async (event) => {
    if (form.elements.subscription.value) return;
    event.preventDefault();
    button.disabled = true;
    try {
      if (await Notification.requestPermission() !== "granted") {
        say("Notifications are blocked for this page. Allow them in the browser's settings, and try again.");
        button.disabled = false;
        return;
      }
      await navigator.serviceWorker.ready;
      const worker = await navigator.serviceWorker.getRegistration("/console/");
      const old = await worker.pushManager.getSubscription();
      if (old) await old.unsubscribe();
      const subscription = await worker.pushManager.subscribe({
        userVisibleOnly: true, applicationServerKey: bytes(card.dataset.pushKey),
      });
      localStorage.setItem("tocsin-push", subscription.endpoint);
      form.elements.subscription.value = JSON.stringify(subscription);
      form.elements.label.value = label();
      form.submit();
    } catch (error) {
      say(`The browser could not subscribe: ${error.message}`);
      button.disabled = false;
    }
  });

  begin().catch((error) => say(`The browser could not begin: ${error.message}`));
})();
