using System.Reflection;
using AnnServer.Rpc.Searching;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace AnnServer.Rpc;

/// <summary>
/// Finds the methods of a service as grpc-dotnet does, but checks what their parsers throw (<see cref="CheckedMarshaller"/>), and
/// leaves those that search to <see cref="SearchMethods"/>.
/// </summary>
internal sealed class CheckedMethodProvider<TService> : IServiceMethodProvider<TService>
    where TService : class
{
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<TService> context)
    {
        BindServiceMethodAttribute? bind = null;
        for (Type? type = typeof(TService); bind is null && type is not null; type = type.BaseType)
        {
            bind = type.GetCustomAttribute<BindServiceMethodAttribute>(inherit: false);
        }

        if (bind is null)
        {
            throw new InvalidOperationException($"{typeof(TService)} is not derived from a generated service.");
        }

        // Of the two generated overloads, the one that describes every method to a binder; it takes no instance for that.
        MethodInfo describe = Array.Find(
            bind.BindType.GetMethods(BindingFlags.Public | BindingFlags.Static),
            method => method.Name == bind.BindMethodName && method.GetParameters() is [{ } first, _] && first.ParameterType == typeof(ServiceBinderBase))!;
        describe.Invoke(null, [new Binder(context), null]);
    }

    private sealed class Binder(ServiceMethodProviderContext<TService> context) : ServiceBinderBase
    {
        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, UnaryServerMethod<TRequest, TResponse>? handler)
        {
            MethodInfo target = Target(method.Name, typeof(TRequest), typeof(ServerCallContext));
            if (IsSearch(method, target))
            {
                return;
            }

            context.AddUnaryMethod(
                Checked(method), Metadata(target),
                target.CreateDelegate<Grpc.AspNetCore.Server.Model.UnaryServerMethod<TService, TRequest, TResponse>>());
        }

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ClientStreamingServerMethod<TRequest, TResponse>? handler)
        {
            MethodInfo target = Target(method.Name, typeof(IAsyncStreamReader<TRequest>), typeof(ServerCallContext));
            context.AddClientStreamingMethod(
                Checked(method), Metadata(target),
                target.CreateDelegate<Grpc.AspNetCore.Server.Model.ClientStreamingServerMethod<TService, TRequest, TResponse>>());
        }

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, ServerStreamingServerMethod<TRequest, TResponse>? handler)
        {
            MethodInfo target = Target(method.Name, typeof(TRequest), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
            var stream = target.CreateDelegate<Grpc.AspNetCore.Server.Model.ServerStreamingServerMethod<TService, TRequest, TResponse>>();
            context.AddServerStreamingMethod(
                Checked(method), Metadata(target),
                (service, request, responses, call) => EndedCall.IsNoFaultAsync(stream(service, request, responses, call), call));
        }

        public override void AddMethod<TRequest, TResponse>(Method<TRequest, TResponse> method, DuplexStreamingServerMethod<TRequest, TResponse>? handler)
        {
            MethodInfo target = Target(
                method.Name, typeof(IAsyncStreamReader<TRequest>), typeof(IServerStreamWriter<TResponse>), typeof(ServerCallContext));
            if (IsSearch(method, target))
            {
                return;
            }

            var stream = target.CreateDelegate<Grpc.AspNetCore.Server.Model.DuplexStreamingServerMethod<TService, TRequest, TResponse>>();
            context.AddDuplexStreamingMethod(
                Checked(method), Metadata(target),
                (service, requests, responses, call) => EndedCall.IsNoFaultAsync(stream(service, requests, responses, call), call));
        }

        private bool IsSearch(IMethod method, MethodInfo target) =>
            (object)context is ServiceMethodProviderContext<PointsService> points && SearchMethods.TryAdd(points, method, Metadata(target));

        private static MethodInfo Target(string name, params Type[] parameters) =>
            typeof(TService).GetMethod(name, parameters) ?? throw new MissingMethodException(typeof(TService).FullName, name);

        private static IList<object> Metadata(MethodInfo target) =>
            [.. typeof(TService).GetCustomAttributes(inherit: true), .. target.GetCustomAttributes(inherit: true), new HttpMethodMetadata(["POST"])];

        private static Method<TRequest, TResponse> Checked<TRequest, TResponse>(Method<TRequest, TResponse> method)
            where TRequest : class
            where TResponse : class => new(
                method.Type,
                method.ServiceName,
                method.Name,
                CheckedMarshaller.Create(method.RequestMarshaller.ContextualSerializer, method.RequestMarshaller.ContextualDeserializer),
                method.ResponseMarshaller);
    }
}
